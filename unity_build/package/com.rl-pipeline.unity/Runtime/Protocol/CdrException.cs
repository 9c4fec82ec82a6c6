using System;

namespace RlPipeline.Protocol
{
    /// <summary>Bytes of a message that end too early or hold what cannot be.</summary>
    public sealed class CdrException : Exception
    {
        /// <summary>Say what is wrong with the bytes.</summary>
        public CdrException(string message) : base(message)
        {
        }
    }
}

using System;

namespace RlPipeline.Protocol
{
    /// <summary>A request that waits for its response.</summary>
    public sealed class ServiceRequest
    {
        private readonly Action<byte[]> _respond;

        /// <summary>A request of the other end.</summary>
        public ServiceRequest(string service, byte[] payload, Action<byte[]> respond)
        {
            Service = service;
            Payload = payload;
            _respond = respond;
        }

        /// <summary>Name of the service.</summary>
        public string Service { get; }

        /// <summary>CDR with its header.</summary>
        public byte[] Payload { get; }

        /// <summary>Send the response; it goes nowhere if the connection is gone.</summary>
        public void Respond(byte[] payload) => _respond(payload);
    }
}

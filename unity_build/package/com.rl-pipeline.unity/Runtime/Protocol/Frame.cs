namespace RlPipeline.Protocol
{
    /// <summary>A name with bytes: what both ends of ROS-TCP send each other.</summary>
    public sealed class Frame
    {
        /// <summary>Make a frame.</summary>
        public Frame(string name, byte[] payload)
        {
            Name = name;
            Payload = payload;
        }

        /// <summary>Topic, service, or command with its leading "__"; empty in a keep-alive.</summary>
        public string Name { get; }

        /// <summary>A CDR message, or the JSON of a command.</summary>
        public byte[] Payload { get; }
    }
}

using System.Collections.Generic;

namespace RlPipeline.Protocol
{
    /// <summary>What a step or reset of a batch brought; rows are environments, in their order.</summary>
    public sealed class Transition
    {
        /// <summary>Room for a batch.</summary>
        public Transition(int count, Specification specification)
        {
            Observations = new double[count * specification.Observation.Count];
            Images = new byte[count * specification.ImageSize];
            Rewards = new double[count];
            Terminated = new byte[count];
            Truncated = new byte[count];
            MetricNames = specification.Metrics;
            Metrics = new double[MetricNames.Length * count];
            MetricsMask = new byte[Metrics.Length];
        }

        /// <summary>Numbers of the observations; of the next episode where one ended.</summary>
        public double[] Observations { get; }

        /// <summary>Pictures of the observations.</summary>
        public byte[] Images { get; }

        /// <summary>Rewards of the step.</summary>
        public double[] Rewards { get; }

        /// <summary>1 where an episode ended by success or failure.</summary>
        public byte[] Terminated { get; }

        /// <summary>1 where the time of an episode ran out.</summary>
        public byte[] Truncated { get; }

        /// <summary>Last observations of the episodes that ended, one row for each.</summary>
        public List<double> FinalObservations { get; } = new List<double>();

        /// <summary>Last pictures of the episodes that ended.</summary>
        public List<byte> FinalImages { get; } = new List<byte>();

        /// <summary>Names of the metrics.</summary>
        public string[] MetricNames { get; }

        /// <summary>Metrics, a row for each name with a column for each environment.</summary>
        public double[] Metrics { get; }

        /// <summary>1 where a metric counts.</summary>
        public byte[] MetricsMask { get; }
    }
}

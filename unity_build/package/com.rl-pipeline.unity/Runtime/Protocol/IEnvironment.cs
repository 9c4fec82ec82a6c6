namespace RlPipeline.Protocol
{
    /// <summary>One copy of a task: an episode continues with every step, until it ends and is reset.</summary>
    public interface IEnvironment
    {
        /// <summary>Reward of the last step.</summary>
        double Reward { get; }

        /// <summary>Whether the last step brought the task to an end, by success or failure.</summary>
        bool Terminated { get; }

        /// <summary>Whether the last step used up the time of the episode.</summary>
        bool Truncated { get; }

        /// <summary>Start an episode; a seed starts the random numbers anew, without one they go on.</summary>
        void Reset(long? seed);

        /// <summary>Apply an action and let the simulated time of one step pass.</summary>
        void Step(double[] action);

        /// <summary>Write the numbers of the observation to a place in a larger array.</summary>
        void Observe(double[] target, int offset);

        /// <summary>Write the picture of the observation, rows from above, three bytes a pixel.</summary>
        void Draw(byte[] target, int offset);

        /// <summary>Write the metrics of the last step.</summary>
        void Measure(double[] target);
    }
}

namespace RlPipeline.Protocol
{
    /// <summary>Bounds of a number in an observation or action; infinite where there are none.</summary>
    public struct Interval
    {
        /// <summary>Everything between two numbers, with both.</summary>
        public Interval(double low, double high)
        {
            Low = low;
            High = high;
        }

        /// <summary>Any number.</summary>
        public static Interval Unbounded => new Interval(double.NegativeInfinity, double.PositiveInfinity);

        /// <summary>The least value.</summary>
        public double Low { get; }

        /// <summary>The greatest value.</summary>
        public double High { get; }
    }
}

using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace RlPipeline.Protocol
{
    /// <summary>What every copy of a task observes, does and measures.</summary>
    public sealed class Specification
    {
        private const int Channels = 3;

        /// <summary>Name of the task.</summary>
        public string Id { get; set; } = "unity";

        /// <summary>Bounds of the numbers in an observation.</summary>
        public IReadOnlyList<Interval> Observation { get; set; } = new Interval[0];

        /// <summary>Bounds of the numbers in an action.</summary>
        public IReadOnlyList<Interval> Action { get; set; } = new Interval[0];

        /// <summary>Rows of the picture in an observation; 0 if there is none.</summary>
        public int ImageHeight { get; set; }

        /// <summary>Columns of the picture in an observation.</summary>
        public int ImageWidth { get; set; }

        /// <summary>Names of the metrics.</summary>
        public string[] Metrics { get; set; } = new string[0];

        /// <summary>Bytes of the picture in an observation.</summary>
        public int ImageSize => ImageHeight * ImageWidth * Channels;

        /// <summary>The action space as JSON.</summary>
        public string ActionSpace => VectorBox(Action);

        /// <summary>The observation space as JSON: numbers, a picture, or a dictionary of both.</summary>
        public string ObservationSpace
        {
            get
            {
                if (ImageSize == 0)
                {
                    return VectorBox(Observation);
                }
                return Observation.Count == 0
                    ? ImageBox()
                    : "{\"dict\":{\"image\":" + ImageBox() + ",\"vector\":" + VectorBox(Observation) + "}}";
            }
        }

        private static string VectorBox(IReadOnlyList<Interval> ranges) =>
            Box(ranges.Count.ToString(CultureInfo.InvariantCulture), "float32",
                ranges.Select(range => range.Low), ranges.Select(range => range.High));

        private string ImageBox() =>
            Box(ImageHeight + "," + ImageWidth + "," + Channels, "uint8",
                Enumerable.Repeat(0.0, ImageSize), Enumerable.Repeat(255.0, ImageSize));

        private static string Box(string shape, string type, IEnumerable<double> low, IEnumerable<double> high) =>
            "{\"box\":{\"shape\":[" + shape + "],\"dtype\":\"" + type + "\",\"low\":[" + Numbers(low) + "],\"high\":["
            + Numbers(high) + "]}}";

        private static string Numbers(IEnumerable<double> values) => string.Join(",", values.Select(Number));

        private static string Number(double value)
        {
            if (double.IsInfinity(value))
            {
                return value > 0 ? "Infinity" : "-Infinity";
            }
            return value.ToString("R", CultureInfo.InvariantCulture);
        }
    }
}

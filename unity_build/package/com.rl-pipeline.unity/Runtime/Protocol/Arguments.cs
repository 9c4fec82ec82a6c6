using System;
using System.Globalization;
using System.Linq;

namespace RlPipeline.Protocol
{
    /// <summary>The command line of a build; what it does not name keeps its value of the scene.</summary>
    public sealed class Arguments
    {
        /// <summary>Address of the endpoint.</summary>
        public string Address { get; set; } = "127.0.0.1";

        /// <summary>Port of the endpoint.</summary>
        public int Port { get; set; } = 10000;

        /// <summary>Number of copies of the scene.</summary>
        public int EnvironmentCount { get; set; } = 1;

        /// <summary>Whether the simulation stands still between steps.</summary>
        public bool Pause { get; set; } = true;

        /// <summary>Simulated seconds in a step; 0 leaves it to the scene.</summary>
        public double SampleTime { get; set; }

        /// <summary>Simulated seconds in one step of the physics.</summary>
        public double FixedDeltaTime { get; set; } = 0.01;

        /// <summary>Simulated seconds per second of the wall clock between steps, where the simulation goes on.</summary>
        public double TimeScale { get; set; } = 1.0;

        /// <summary>Seed of environment 0; the others follow. Negative: the clock decides.</summary>
        public long Seed { get; set; } = -1;

        /// <summary>What the names of the services begin with.</summary>
        public string Prefix { get; set; } = "/unity";

        /// <summary>Whether each environment has services of its own.</summary>
        public bool ServicesEach { get; set; }

        /// <summary>Take values from a command line; arguments of others are left alone.</summary>
        /// <exception cref="ArgumentException">A value is missing or not of its kind.</exception>
        public void Read(string[] commandLine)
        {
            for (int i = 0; i < commandLine.Length; i++)
            {
                string name = commandLine[i];
                if (!Names.Contains(name))
                {
                    continue;
                }
                i++;
                string value = i < commandLine.Length ? commandLine[i] : throw new ArgumentException(name + " needs a value");
                try
                {
                    Set(name, value);
                }
                catch (Exception error) when (error is FormatException || error is OverflowException)
                {
                    throw new ArgumentException(name + " " + value + ": " + error.Message);
                }
            }
        }

        private static readonly string[] Names =
        {
            "--ros-ip", "--ros-port", "--n-environments", "--pause", "--sample-time", "--fixed-delta-time",
            "--time-scale", "--seed", "--prefix", "--services",
        };

        private void Set(string name, string value)
        {
            switch (name)
            {
                case "--ros-ip": Address = value; break;
                case "--ros-port": Port = Integer(value, 1, 65535); break;
                case "--n-environments": EnvironmentCount = Integer(value, 1, 10000); break;
                case "--pause": Pause = bool.Parse(value); break;
                case "--sample-time": SampleTime = Number(value, true); break;
                case "--fixed-delta-time": FixedDeltaTime = Number(value, false); break;
                case "--time-scale": TimeScale = Number(value, false); break;
                case "--seed": Seed = long.Parse(value, CultureInfo.InvariantCulture); break;
                case "--prefix": Prefix = value; break;
                case "--services": ServicesEach = Layout(value); break;
            }
        }

        private static bool Layout(string value)
        {
            if (value != "batch" && value != "each")
            {
                throw new FormatException("must be batch or each");
            }
            return value == "each";
        }

        private static int Integer(string value, int least, int most)
        {
            int number = int.Parse(value, CultureInfo.InvariantCulture);
            return number >= least && number <= most
                ? number
                : throw new FormatException("must be between " + least + " and " + most);
        }

        private static double Number(string value, bool orZero)
        {
            double number = double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture);
            return number > 0 || (orZero && number == 0)
                ? number
                : throw new FormatException(orZero ? "must not be negative" : "must be greater than 0");
        }
    }
}

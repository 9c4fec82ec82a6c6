using System;
using RlPipeline.Protocol;

/// <summary>A point on a line that seeks 0: the action is its velocity.</summary>
public sealed class Seeker : IEnvironment
{
    private const int Limit = 20;
    private Random _random = new Random(0);
    private double _place;
    private int _steps;

    public static Specification Specification => new Specification
    {
        Id = "seeker",
        Observation = new[] { new Interval(-10, 10), Interval.Unbounded },
        Action = new[] { new Interval(-1, 1) },
        ImageHeight = Environment.GetEnvironmentVariable("SEEKER_DRAWS") == "1" ? 2 : 0,
        ImageWidth = 3,
        Metrics = new[] { "is_success" },
    };

    public double Reward => -Math.Abs(_place);

    public bool Terminated => Math.Abs(_place) < 0.1;

    public bool Truncated => _steps == Limit;

    public void Reset(long? seed)
    {
        if (seed.HasValue)
        {
            _random = new Random(seed.Value.GetHashCode());
        }
        _place = 1 + 2 * _random.NextDouble();
        _steps = 0;
    }

    public void Step(double[] action)
    {
        _place += Math.Max(-1, Math.Min(1, action[0]));
        _steps++;
    }

    public void Observe(double[] target, int offset)
    {
        target[offset] = _place;
        target[offset + 1] = _steps;
    }

    public void Draw(byte[] target, int offset)
    {
        target[offset] = (byte)_steps;
        target[offset + Specification.ImageSize - 1] = 255;
    }

    public void Measure(double[] target) => target[0] = Terminated ? 1 : 0;
}

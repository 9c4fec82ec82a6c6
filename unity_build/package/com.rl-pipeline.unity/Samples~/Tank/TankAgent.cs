using UnityEngine;

namespace RlPipeline.Samples
{
    /// <summary>A tank that drives to a target. Its reward is the way that it came nearer, and 10 on arrival.</summary>
    public sealed class TankAgent : Agent
    {
        private const float ArrivalReward = 10f;
        [SerializeField] private Transform target;
        [SerializeField] private float arena = 10f;
        [SerializeField] private float arrival = 1f;
        private float _distance;

        /// <inheritdoc/>
        public override string[] Metrics => new[] { "is_success" };

        private float Distance => Vector3.Distance(transform.position, target.position);

        /// <inheritdoc/>
        public override void Begin(System.Random random)
        {
            transform.position = Place(random, transform.position.y);
            transform.rotation = Quaternion.Euler(0f, 360f * (float)random.NextDouble(), 0f);
            target.position = Place(random, target.position.y);
            _distance = Distance;
        }

        /// <inheritdoc/>
        public override double Reward()
        {
            float nearer = _distance - Distance;
            _distance = Distance;
            return nearer + (IsTerminated() ? ArrivalReward : 0f);
        }

        /// <inheritdoc/>
        public override bool IsTerminated() => Distance < arrival;

        /// <inheritdoc/>
        public override void Measure(double[] metrics) => metrics[0] = IsTerminated() ? 1 : 0;

        private Vector3 Place(System.Random random, float height) =>
            new Vector3(Coordinate(random), height, Coordinate(random));

        private float Coordinate(System.Random random) => arena * (float)(2 * random.NextDouble() - 1);
    }
}

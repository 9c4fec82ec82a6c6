using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>
    /// Distances in m to what rays meet, counted to the left from straight ahead over a full turn; the greatest range
    /// where a ray meets nothing.
    /// </summary>
    public sealed class LidarSensor : Sensor
    {
        private const float FullTurn = 360f;
        [SerializeField] private int rays = 20;
        [SerializeField] private float minimalRange = 0.1f;
        [SerializeField] private float maximalRange = 10f;

        /// <inheritdoc/>
        public override IReadOnlyList<Interval> Bounds => Repeat(new Interval(minimalRange, maximalRange), rays);

        /// <inheritdoc/>
        public override void Write(double[] target, int offset)
        {
            PhysicsScene physics = gameObject.scene.GetPhysicsScene();
            for (int i = 0; i < rays; i++)
            {
                Vector3 direction = transform.rotation * Quaternion.Euler(0f, -FullTurn * i / rays, 0f) * Vector3.forward;
                Vector3 start = transform.position + minimalRange * direction;
                bool met = physics.Raycast(start, direction, out RaycastHit hit, maximalRange - minimalRange);
                target[offset + i] = met ? minimalRange + hit.distance : maximalRange;
            }
        }
    }
}

using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>Position (rad or m) and velocity of joints with one degree of freedom: all positions, then all velocities.</summary>
    public sealed class JointStateSensor : Sensor
    {
        [SerializeField] private ArticulationBody[] joints = new ArticulationBody[0];

        /// <inheritdoc/>
        public override IReadOnlyList<Interval> Bounds => Unbounded(2 * joints.Length);

        /// <inheritdoc/>
        public override void Write(double[] target, int offset)
        {
            for (int i = 0; i < joints.Length; i++)
            {
                target[offset + i] = joints[i].jointPosition[0];
                target[offset + joints.Length + i] = joints[i].jointVelocity[0];
            }
        }
    }
}

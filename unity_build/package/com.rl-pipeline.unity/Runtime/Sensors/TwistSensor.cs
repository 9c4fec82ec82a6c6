using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>Velocity of a body in its own frame, as in ROS: linear in m/s, then angular in rad/s. Six numbers.</summary>
    public sealed class TwistSensor : Sensor
    {
        [SerializeField] private Rigidbody body;

        /// <inheritdoc/>
        public override IReadOnlyList<Interval> Bounds => Unbounded(6);

        /// <inheritdoc/>
        public override void Write(double[] target, int offset)
        {
            Quaternion inverse = Quaternion.Inverse(body.rotation);
            RosFrame.WriteVector(inverse * body.velocity, target, offset);
            RosFrame.WriteAngular(inverse * body.angularVelocity, target, offset + 3);
        }
    }
}

using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>
    /// Where an object is in ROS's frame (x forward, y left, z up): position in m, then orientation as the quaternion
    /// x, y, z, w. Seven numbers, relative to an origin if there is one.
    /// </summary>
    public sealed class PoseSensor : Sensor
    {
        [SerializeField] private Transform origin;

        /// <inheritdoc/>
        public override IReadOnlyList<Interval> Bounds => Unbounded(7);

        /// <inheritdoc/>
        public override void Write(double[] target, int offset)
        {
            Vector3 position = transform.position;
            Quaternion rotation = transform.rotation;
            if (origin != null)
            {
                Quaternion inverse = Quaternion.Inverse(origin.rotation);
                position = inverse * (position - origin.position);
                rotation = inverse * rotation;
            }
            RosFrame.WriteVector(position, target, offset);
            RosFrame.WriteRotation(rotation, target, offset + 3);
        }
    }
}

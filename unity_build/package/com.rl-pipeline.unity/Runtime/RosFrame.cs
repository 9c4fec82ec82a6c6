using UnityEngine;

namespace RlPipeline
{
    /// <summary>
    /// From Unity's frame (x right, y up, z forward, left-handed) to that of ROS (x forward, y left, z up, right-handed).
    /// </summary>
    public static class RosFrame
    {
        /// <summary>Write a position, velocity or other vector: x, y, z.</summary>
        public static void WriteVector(Vector3 vector, double[] target, int offset)
        {
            target[offset] = vector.z;
            target[offset + 1] = -vector.x;
            target[offset + 2] = vector.y;
        }

        /// <summary>Write an angular velocity, whose sense of rotation changes with the handedness: x, y, z.</summary>
        public static void WriteAngular(Vector3 vector, double[] target, int offset) => WriteVector(-vector, target, offset);

        /// <summary>Write a rotation as a quaternion: x, y, z, w.</summary>
        public static void WriteRotation(Quaternion rotation, double[] target, int offset)
        {
            WriteAngular(new Vector3(rotation.x, rotation.y, rotation.z), target, offset);
            target[offset + 3] = rotation.w;
        }
    }
}

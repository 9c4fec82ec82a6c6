using System.Collections.Generic;
using System.Linq;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>
    /// Sets the target positions of joints with one degree of freedom, in the unit of their drives (degrees or m) and
    /// within the drives' limits; stiffness and damping are those of the drives.
    /// </summary>
    public sealed class JointActuator : Actuator
    {
        [SerializeField] private ArticulationBody[] joints = new ArticulationBody[0];

        /// <inheritdoc/>
        public override IReadOnlyList<Interval> Bounds =>
            joints.Select(joint => new Interval(joint.xDrive.lowerLimit, joint.xDrive.upperLimit)).ToArray();

        /// <inheritdoc/>
        public override void Apply(double[] action, int offset)
        {
            for (int i = 0; i < joints.Length; i++)
            {
                ArticulationDrive drive = joints[i].xDrive;
                drive.target = Mathf.Clamp((float)action[offset + i], drive.lowerLimit, drive.upperLimit);
                joints[i].xDrive = drive;
            }
        }

        /// <inheritdoc/>
        public override void Begin()
        {
            foreach (ArticulationBody joint in joints)
            {
                joint.jointPosition = new ArticulationReducedSpace(0f);
                joint.jointVelocity = new ArticulationReducedSpace(0f);
            }
        }
    }
}

using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>Follows numbers of the action. An agent has those of its own object and of the objects below.</summary>
    public abstract class Actuator : MonoBehaviour
    {
        /// <summary>Bounds of the numbers; their count is fixed.</summary>
        public abstract IReadOnlyList<Interval> Bounds { get; }

        /// <summary>Take the numbers of a step from a place in a larger array.</summary>
        public abstract void Apply(double[] action, int offset);

        /// <summary>Drive the body; called before every step of the physics.</summary>
        /// <param name="deltaTime">Simulated seconds of the step.</param>
        public virtual void Drive(float deltaTime)
        {
        }

        /// <summary>Come to rest; called when an episode begins.</summary>
        public virtual void Begin()
        {
        }

        /// <summary>A number of the action within its bounds.</summary>
        protected float Bounded(double[] action, int offset, int index) =>
            Mathf.Clamp((float)action[offset + index], (float)Bounds[index].Low, (float)Bounds[index].High);
    }
}

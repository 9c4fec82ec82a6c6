using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>Writes numbers of the observation. An agent has those of its own object and of the objects below.</summary>
    public abstract class Sensor : MonoBehaviour
    {
        /// <summary>Bounds of the numbers; their count is fixed.</summary>
        public abstract IReadOnlyList<Interval> Bounds { get; }

        /// <summary>Write the numbers to a place in a larger array.</summary>
        public abstract void Write(double[] target, int offset);

        /// <summary>Forget what was before; called when an episode begins.</summary>
        public virtual void Begin()
        {
        }

        /// <summary>So many numbers without bounds.</summary>
        protected static IReadOnlyList<Interval> Unbounded(int count) => Repeat(Interval.Unbounded, count);

        /// <summary>So many numbers with the same bounds.</summary>
        protected static IReadOnlyList<Interval> Repeat(Interval bounds, int count)
        {
            Interval[] all = new Interval[count];
            for (int i = 0; i < count; i++)
            {
                all[i] = bounds;
            }
            return all;
        }
    }
}

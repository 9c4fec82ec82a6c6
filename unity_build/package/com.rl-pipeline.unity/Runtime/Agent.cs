using UnityEngine;

namespace RlPipeline
{
    /// <summary>
    /// What is trained in a scene: derive from it, and say how an episode begins, what a step is worth and when an
    /// episode ends. Its sensors and actuators are the components on its object and on those below.
    /// </summary>
    public abstract class Agent : MonoBehaviour
    {
        [SerializeField] private int maximalSteps = 1000;

        /// <summary>Steps that an episode may have before it is truncated; 0: any number.</summary>
        public int MaximalSteps => maximalSteps;

        /// <summary>Names of what <see cref="Measure"/> writes.</summary>
        public virtual string[] Metrics => new string[0];

        /// <summary>Begin an episode: place the bodies, with random numbers from here only.</summary>
        public abstract void Begin(System.Random random);

        /// <summary>Reward of the step that was just made; called once for each step.</summary>
        public abstract double Reward();

        /// <summary>Whether the task is done, or failed.</summary>
        public abstract bool IsTerminated();

        /// <summary>Write the metrics of the last step.</summary>
        public virtual void Measure(double[] target)
        {
        }
    }
}

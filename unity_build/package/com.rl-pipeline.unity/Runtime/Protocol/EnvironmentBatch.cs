using System;
using System.Collections.Generic;

namespace RlPipeline.Protocol
{
    /// <summary>Copies of a task that are stepped together; one that ends begins its next episode in the same step.</summary>
    public sealed class EnvironmentBatch
    {
        private readonly IReadOnlyList<IEnvironment> _environments;

        /// <summary>A batch of environments that are alike.</summary>
        public EnvironmentBatch(Specification specification, IReadOnlyList<IEnvironment> environments)
        {
            Specification = specification;
            _environments = environments;
        }

        /// <summary>What every environment observes, does and measures.</summary>
        public Specification Specification { get; }

        /// <summary>Number of environments.</summary>
        public int Count => _environments.Count;

        /// <summary>Start episodes.</summary>
        /// <param name="seeds">One for each environment; none: the random numbers go on.</param>
        /// <param name="mask">Not 0 for each environment to reset; none: all of them.</param>
        /// <exception cref="ArgumentException">The numbers of seeds or flags do not fit.</exception>
        public Transition Reset(long[] seeds, byte[] mask)
        {
            Expect("seeds", seeds.Length, Count, true);
            Expect("mask", mask.Length, Count, true);
            Transition transition = new Transition(Count, Specification);
            for (int i = 0; i < Count; i++)
            {
                if (mask.Length == 0 || mask[i] != 0)
                {
                    _environments[i].Reset(seeds.Length == 0 ? (long?)null : seeds[i]);
                }
                Observe(i, transition);
            }
            return transition;
        }

        /// <summary>Apply an action in every environment.</summary>
        /// <param name="actions">A row for each environment.</param>
        /// <exception cref="ArgumentException">The number of actions does not fit.</exception>
        public Transition Step(double[] actions)
        {
            int size = Specification.Action.Count;
            Expect("actions", actions.Length, Count * size, false);
            Transition transition = new Transition(Count, Specification);
            for (int i = 0; i < Count; i++)
            {
                double[] action = new double[size];
                Array.Copy(actions, i * size, action, 0, size);
                _environments[i].Step(action);
                Conclude(i, transition);
            }
            return transition;
        }

        /// <summary>What the camera of the first environment sees; no byte where there is no camera.</summary>
        public byte[] Picture()
        {
            byte[] picture = new byte[Specification.ImageSize];
            if (picture.Length > 0)
            {
                _environments[0].Draw(picture, 0);
            }
            return picture;
        }

        private void Conclude(int index, Transition transition)
        {
            IEnvironment environment = _environments[index];
            transition.Rewards[index] = environment.Reward;
            transition.Terminated[index] = environment.Terminated ? (byte)1 : (byte)0;
            transition.Truncated[index] = environment.Truncated ? (byte)1 : (byte)0;
            Measure(index, transition);
            if (environment.Terminated || environment.Truncated)
            {
                KeepFinal(environment, transition);
                environment.Reset(null);
            }
            Observe(index, transition);
        }

        private void Measure(int index, Transition transition)
        {
            double[] metrics = new double[Specification.Metrics.Length];
            _environments[index].Measure(metrics);
            for (int metric = 0; metric < metrics.Length; metric++)
            {
                transition.Metrics[metric * Count + index] = metrics[metric];
                transition.MetricsMask[metric * Count + index] = 1;
            }
        }

        private void KeepFinal(IEnvironment environment, Transition transition)
        {
            double[] observation = new double[Specification.Observation.Count];
            environment.Observe(observation, 0);
            transition.FinalObservations.AddRange(observation);
            if (Specification.ImageSize > 0)
            {
                byte[] image = new byte[Specification.ImageSize];
                environment.Draw(image, 0);
                transition.FinalImages.AddRange(image);
            }
        }

        private void Observe(int index, Transition transition)
        {
            _environments[index].Observe(transition.Observations, index * Specification.Observation.Count);
            if (Specification.ImageSize > 0)
            {
                _environments[index].Draw(transition.Images, index * Specification.ImageSize);
            }
        }

        private static void Expect(string name, int length, int expected, bool orNone)
        {
            if (length != expected && !(orNone && length == 0))
            {
                string valid = orNone ? "none or " + expected : expected.ToString();
                throw new ArgumentException(name + " has " + length + " values, must have " + valid);
            }
        }
    }
}

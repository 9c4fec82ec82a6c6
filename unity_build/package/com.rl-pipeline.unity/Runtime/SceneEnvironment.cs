using System;
using System.Linq;
using RlPipeline.Protocol;
using UnityEngine;
using UnityEngine.SceneManagement;
using Random = System.Random;

namespace RlPipeline
{
    /// <summary>One copy of a scene with physics of its own, as an environment.</summary>
    public sealed class SceneEnvironment : IEnvironment
    {
        private readonly Agent _agent;
        private readonly Sensor[] _sensors;
        private readonly Actuator[] _actuators;
        private readonly CameraSensor _camera;
        private readonly PhysicsScene _physics;
        private readonly float _deltaTime;
        private readonly int _physicsSteps;
        private Random _random;
        private int _steps;

        /// <summary>Serve the agent of a scene.</summary>
        /// <param name="scene">A scene that was loaded with physics of its own.</param>
        /// <param name="deltaTime">Simulated seconds of a step of the physics.</param>
        /// <param name="physicsSteps">Steps of the physics in a step of the environment.</param>
        /// <param name="seed">Seed of the random numbers until a reset brings another.</param>
        /// <exception cref="InvalidOperationException">The scene has no agent.</exception>
        public SceneEnvironment(Scene scene, float deltaTime, int physicsSteps, long seed)
        {
            _agent = scene.GetRootGameObjects().Select(root => root.GetComponentInChildren<Agent>())
                .FirstOrDefault(agent => agent != null);
            if (_agent == null)
            {
                throw new InvalidOperationException(
                    "scene '" + scene.name + "' has no Agent: add a component that derives from it to an object");
            }
            _sensors = _agent.GetComponentsInChildren<Sensor>();
            _actuators = _agent.GetComponentsInChildren<Actuator>();
            _camera = _agent.GetComponentInChildren<CameraSensor>();
            _physics = scene.GetPhysicsScene();
            _deltaTime = deltaTime;
            _physicsSteps = physicsSteps;
            _random = Generator(seed);
        }

        /// <inheritdoc/>
        public double Reward { get; private set; }

        /// <inheritdoc/>
        public bool Terminated { get; private set; }

        /// <inheritdoc/>
        public bool Truncated => !Terminated && _agent.MaximalSteps > 0 && _steps >= _agent.MaximalSteps;

        /// <summary>What it observes, does and measures.</summary>
        /// <param name="id">Name of the task.</param>
        public Specification Specify(string id) => new Specification
        {
            Id = id,
            Observation = _sensors.SelectMany(sensor => sensor.Bounds).ToArray(),
            Action = _actuators.SelectMany(actuator => actuator.Bounds).ToArray(),
            ImageHeight = _camera == null ? 0 : _camera.Height,
            ImageWidth = _camera == null ? 0 : _camera.Width,
            Metrics = _agent.Metrics,
        };

        /// <inheritdoc/>
        public void Reset(long? seed)
        {
            _random = seed.HasValue ? Generator(seed.Value) : _random;
            _steps = 0;
            Reward = 0;
            Terminated = false;
            _agent.Begin(_random);
            foreach (Sensor sensor in _sensors)
            {
                sensor.Begin();
            }
            foreach (Actuator actuator in _actuators)
            {
                actuator.Begin();
            }
            Physics.SyncTransforms();
        }

        /// <inheritdoc/>
        public void Step(double[] action)
        {
            int offset = 0;
            foreach (Actuator actuator in _actuators)
            {
                actuator.Apply(action, offset);
                offset += actuator.Bounds.Count;
            }
            Simulate(_physicsSteps);
            _steps++;
            Reward = _agent.Reward();
            Terminated = _agent.IsTerminated();
        }

        /// <summary>Let time pass without a new action.</summary>
        /// <param name="physicsSteps">Steps of the physics.</param>
        public void Simulate(int physicsSteps)
        {
            for (int i = 0; i < physicsSteps; i++)
            {
                foreach (Actuator actuator in _actuators)
                {
                    actuator.Drive(_deltaTime);
                }
                _physics.Simulate(_deltaTime);
            }
        }

        /// <inheritdoc/>
        public void Observe(double[] target, int offset)
        {
            foreach (Sensor sensor in _sensors)
            {
                sensor.Write(target, offset);
                offset += sensor.Bounds.Count;
            }
        }

        /// <inheritdoc/>
        public void Draw(byte[] target, int offset) => _camera.Draw(target, offset);

        /// <inheritdoc/>
        public void Measure(double[] target) => _agent.Measure(target);

        // System.Random takes 32 bits: both halves of a seed count.
        private static Random Generator(long seed) => new Random(unchecked((int)(seed ^ (seed >> 32))));
    }
}

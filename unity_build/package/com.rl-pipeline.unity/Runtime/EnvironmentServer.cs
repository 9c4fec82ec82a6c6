using System;
using System.Collections;
using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;
using UnityEngine.SceneManagement;

namespace RlPipeline
{
    /// <summary>
    /// Loads copies of a scene and serves them over ROS-TCP. It belongs in a scene of its own, the first of the build.
    /// The command line of the build wins over the values given here.
    /// </summary>
    public sealed class EnvironmentServer : MonoBehaviour
    {
        private const double WaitSeconds = 0.03;
        [SerializeField] private string sceneName = "Task";
        [SerializeField] private string address = "127.0.0.1";
        [SerializeField] private int port = 10000;
        [SerializeField] private int environmentCount = 1;
        [SerializeField] private float fixedDeltaTime = 0.01f;
        [SerializeField] private float sampleTime = 0.1f;
        [SerializeField] private float timeScale = 1f;
        [SerializeField] private bool pause = true;
        private readonly List<SceneEnvironment> _environments = new List<SceneEnvironment>();
        private Arguments _arguments;
        private ServiceTable _services;
        private RosTcpConnection _connection;
        private double _owed;

        private double StepTime => _arguments.SampleTime > 0 ? _arguments.SampleTime : sampleTime;

        private IEnumerator Start()
        {
            Application.runInBackground = true;
            Physics.simulationMode = SimulationMode.Script;
            ReadArguments();
            for (int i = 0; i < _arguments.EnvironmentCount; i++)
            {
                LoadSceneParameters alone = new LoadSceneParameters(LoadSceneMode.Additive, LocalPhysicsMode.Physics3D);
                Scene scene = SceneManager.LoadScene(sceneName, alone);
                yield return null; // a scene has its objects one frame after it was asked for
                AddEnvironment(scene, i);
            }
            Specification specification = _environments[0].Specify(sceneName);
            _services = ServiceTable.Of(_arguments.Prefix, specification, _environments, _arguments.ServicesEach);
            _connection = new RosTcpConnection(_arguments.Address, _arguments.Port, _services.Types, Debug.Log);
        }

        private void Update()
        {
            if (_connection == null)
            {
                return;
            }
            if (!_arguments.Pause)
            {
                PassTime();
            }
            // Requests are answered here, one after the other, for as long as a picture may wait.
            DateTime end = DateTime.UtcNow.AddSeconds(WaitSeconds);
            TimeSpan left = end - DateTime.UtcNow;
            while (left > TimeSpan.Zero && _connection.TryTake(out ServiceRequest request, left))
            {
                _services.Answer(request);
                _owed -= request.Service.EndsWith("/step", StringComparison.Ordinal) ? StepTime : 0;
                left = end - DateTime.UtcNow;
            }
        }

        private void OnDestroy() => _connection?.Dispose();

        private void ReadArguments()
        {
            _arguments = new Arguments
            {
                Address = address,
                Port = port,
                EnvironmentCount = environmentCount,
                FixedDeltaTime = fixedDeltaTime,
                TimeScale = timeScale,
                Pause = pause,
            };
            try
            {
                _arguments.Read(Environment.GetCommandLineArgs());
            }
            catch (ArgumentException error)
            {
                Debug.LogError(error.Message);
                Application.Quit(2);
            }
        }

        private void AddEnvironment(Scene scene, int index)
        {
            int physicsSteps = Math.Max(1, (int)Math.Round(StepTime / _arguments.FixedDeltaTime));
            long seed = _arguments.Seed < 0 ? DateTime.UtcNow.Ticks : _arguments.Seed;
            SceneEnvironment environment =
                new SceneEnvironment(scene, (float)_arguments.FixedDeltaTime, physicsSteps, seed + index);
            environment.Reset(null);
            _environments.Add(environment);
        }

        // The simulation follows the wall clock; the time of steps counts as passed already.
        private void PassTime()
        {
            _owed = Math.Max(_owed, -StepTime) + Time.unscaledDeltaTime * _arguments.TimeScale;
            int physicsSteps = (int)Math.Max(0, _owed / _arguments.FixedDeltaTime);
            _owed -= physicsSteps * _arguments.FixedDeltaTime;
            foreach (SceneEnvironment environment in _environments)
            {
                environment.Simulate(physicsSteps);
            }
        }
    }
}

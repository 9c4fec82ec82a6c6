using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>Drives a body on the ground. Action: speed ahead in m/s and yaw rate to the left in rad/s.</summary>
    public sealed class TwistActuator : Actuator
    {
        [SerializeField] private Rigidbody body;
        [SerializeField] private float maximalSpeed = 5f;
        [SerializeField] private float maximalYawRate = 5f;
        [SerializeField] private float response = 10f;
        private float _speed;
        private float _yawRate;

        /// <inheritdoc/>
        public override IReadOnlyList<Interval> Bounds => new[]
        {
            new Interval(-maximalSpeed, maximalSpeed), new Interval(-maximalYawRate, maximalYawRate),
        };

        /// <inheritdoc/>
        public override void Apply(double[] action, int offset)
        {
            _speed = Bounded(action, offset, 0);
            _yawRate = Bounded(action, offset, 1);
        }

        /// <inheritdoc/>
        public override void Drive(float deltaTime)
        {
            float share = 1f - Mathf.Exp(-response * deltaTime);
            Vector3 velocity = body.velocity;
            Vector3 wanted = body.rotation * new Vector3(0f, 0f, _speed);
            wanted.y = velocity.y;
            body.velocity = Vector3.Lerp(velocity, wanted, share);
            body.angularVelocity = Vector3.Lerp(body.angularVelocity, new Vector3(0f, -_yawRate, 0f), share);
        }

        /// <inheritdoc/>
        public override void Begin()
        {
            _speed = _yawRate = 0f;
            body.velocity = body.angularVelocity = Vector3.zero;
        }
    }
}

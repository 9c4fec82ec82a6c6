using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>
    /// Turns a turret and fires along its forward axis. Action: rotation speed to the left in rad/s, and a number that
    /// fires above 0.5. A shot that meets an object with a <see cref="HealthSensor"/> damages it at once. All times are
    /// simulated.
    /// </summary>
    public sealed class TurretActuator : Actuator
    {
        private const float Trigger = 0.5f;
        [SerializeField] private Transform turret;
        [SerializeField] private float maximalSpeed = 5.5f;
        [SerializeField] private float shotsPerSecond = 2f;
        [SerializeField] private float range = 20f;
        [SerializeField] private float damage = 20f;
        private float _speed;
        private bool _fires;
        private float _cooldown;

        /// <inheritdoc/>
        public override IReadOnlyList<Interval> Bounds => new[]
        {
            new Interval(-maximalSpeed, maximalSpeed), new Interval(0, 1),
        };

        /// <inheritdoc/>
        public override void Apply(double[] action, int offset)
        {
            _speed = Bounded(action, offset, 0);
            _fires = Bounded(action, offset, 1) > Trigger;
        }

        /// <inheritdoc/>
        public override void Drive(float deltaTime)
        {
            turret.localRotation *= Quaternion.Euler(0f, -_speed * Mathf.Rad2Deg * deltaTime, 0f);
            _cooldown = Mathf.Max(0f, _cooldown - deltaTime);
            if (_fires && _cooldown == 0f)
            {
                Fire();
                _cooldown = 1f / shotsPerSecond;
            }
        }

        /// <inheritdoc/>
        public override void Begin()
        {
            turret.localRotation = Quaternion.identity;
            _speed = _cooldown = 0f;
            _fires = false;
        }

        private void Fire()
        {
            PhysicsScene physics = gameObject.scene.GetPhysicsScene();
            if (physics.Raycast(turret.position, turret.rotation * Vector3.forward, out RaycastHit hit, range))
            {
                HealthSensor health = hit.collider.GetComponentInParent<HealthSensor>();
                if (health != null)
                {
                    health.Damage(damage);
                }
            }
        }
    }
}

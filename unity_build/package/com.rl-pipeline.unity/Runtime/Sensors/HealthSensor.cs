using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>Health that is left, from 1 (unharmed) to 0 (dead).</summary>
    public sealed class HealthSensor : Sensor
    {
        [SerializeField] private float maximalHealth = 100f;
        private float _damage;

        /// <summary>Share of the health that is left.</summary>
        public float Health => Mathf.Clamp01(1f - _damage / maximalHealth);

        /// <inheritdoc/>
        public override IReadOnlyList<Interval> Bounds => Repeat(new Interval(0, 1), 1);

        /// <summary>Take health away.</summary>
        public void Damage(float amount) => _damage += amount;

        /// <inheritdoc/>
        public override void Begin() => _damage = 0f;

        /// <inheritdoc/>
        public override void Write(double[] target, int offset) => target[offset] = Health;
    }
}

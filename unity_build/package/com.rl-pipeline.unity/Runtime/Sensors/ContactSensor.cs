using System.Collections.Generic;
using RlPipeline.Protocol;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>1 while the object touches another collider, else 0. Needs a collider and a body on the same object.</summary>
    public sealed class ContactSensor : Sensor
    {
        private int _contacts;

        /// <summary>Whether it touches something now.</summary>
        public bool Touches => _contacts > 0;

        /// <inheritdoc/>
        public override IReadOnlyList<Interval> Bounds => Repeat(new Interval(0, 1), 1);

        /// <inheritdoc/>
        public override void Write(double[] target, int offset) => target[offset] = Touches ? 1 : 0;

        private void OnCollisionEnter(Collision collision) => _contacts++;

        private void OnCollisionExit(Collision collision) => _contacts--;
    }
}

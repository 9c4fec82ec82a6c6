// What the package uses of UnityEngine's mathematics; vectors work, so that frames can be tested.
using System;

namespace UnityEngine
{
    public struct Vector3
    {
        public float x;
        public float y;
        public float z;

        public Vector3(float x, float y, float z)
        {
            this.x = x;
            this.y = y;
            this.z = z;
        }

        public static Vector3 zero => new Vector3(0, 0, 0);

        public static Vector3 forward => new Vector3(0, 0, 1);

        public static Vector3 operator +(Vector3 a, Vector3 b) => new Vector3(a.x + b.x, a.y + b.y, a.z + b.z);

        public static Vector3 operator -(Vector3 a, Vector3 b) => a + -b;

        public static Vector3 operator -(Vector3 a) => -1 * a;

        public static Vector3 operator *(float factor, Vector3 a) => new Vector3(factor * a.x, factor * a.y, factor * a.z);

        public static float Distance(Vector3 a, Vector3 b) => throw new NotSupportedException();

        public static Vector3 Lerp(Vector3 a, Vector3 b, float share) => throw new NotSupportedException();
    }

    public struct Quaternion
    {
        public float x;
        public float y;
        public float z;
        public float w;

        public static Quaternion identity => throw new NotSupportedException();

        public static Quaternion operator *(Quaternion a, Quaternion b) => throw new NotSupportedException();

        public static Vector3 operator *(Quaternion rotation, Vector3 point) => throw new NotSupportedException();

        public static Quaternion Euler(float x, float y, float z) => throw new NotSupportedException();

        public static Quaternion Inverse(Quaternion rotation) => throw new NotSupportedException();
    }

    public static class Mathf
    {
        public const float Rad2Deg = 57.29578f;

        public static float Clamp(float value, float min, float max) => throw new NotSupportedException();

        public static float Clamp01(float value) => throw new NotSupportedException();

        public static float Exp(float power) => throw new NotSupportedException();

        public static float Max(float a, float b) => throw new NotSupportedException();
    }
}

// What the package uses of UnityEngine, by name and type only.
using System;
using UnityEngine.SceneManagement;

namespace UnityEngine
{
    public enum SimulationMode { FixedUpdate, Update, Script }

    public enum TextureFormat { RGB24 = 3 }

    public class Object
    {
        public string name { get; set; }

        public static void Destroy(Object target) => throw new NotSupportedException();
    }

    public class Component : Object
    {
        public Transform transform => throw new NotSupportedException();

        public GameObject gameObject => throw new NotSupportedException();

        public T GetComponent<T>() => throw new NotSupportedException();

        public T GetComponentInChildren<T>() => throw new NotSupportedException();

        public T GetComponentInParent<T>() => throw new NotSupportedException();

        public T[] GetComponentsInChildren<T>() => throw new NotSupportedException();
    }

    public class Behaviour : Component { }

    public class MonoBehaviour : Behaviour { }

    public sealed class GameObject : Object
    {
        public Scene scene => throw new NotSupportedException();

        public T GetComponentInChildren<T>() => throw new NotSupportedException();
    }

    public class Transform : Component
    {
        public Vector3 position { get; set; }

        public Quaternion rotation { get; set; }

        public Quaternion localRotation { get; set; }
    }

    public sealed class Rigidbody : Component
    {
        public Quaternion rotation { get; set; }

        public Vector3 velocity { get; set; }

        public Vector3 angularVelocity { get; set; }
    }

    public class Collider : Component { }

    public class Collision { }

    public struct ArticulationReducedSpace
    {
        public ArticulationReducedSpace(float value) => throw new NotSupportedException();

        public float this[int index] => throw new NotSupportedException();
    }

    public struct ArticulationDrive
    {
        public float target;
        public float lowerLimit;
        public float upperLimit;
    }

    public sealed class ArticulationBody : Behaviour
    {
        public ArticulationDrive xDrive { get; set; }

        public ArticulationReducedSpace jointPosition { get; set; }

        public ArticulationReducedSpace jointVelocity { get; set; }
    }

    public struct RaycastHit
    {
        public float distance { get; set; }

        public Collider collider => throw new NotSupportedException();
    }

    public struct PhysicsScene
    {
        public void Simulate(float step) => throw new NotSupportedException();

        public bool Raycast(Vector3 origin, Vector3 direction, out RaycastHit hitInfo, float maxDistance) =>
            throw new NotSupportedException();
    }

    public static class PhysicsSceneExtensions
    {
        public static PhysicsScene GetPhysicsScene(this Scene scene) => throw new NotSupportedException();
    }

    public static class Physics
    {
        public static SimulationMode simulationMode { get; set; }

        public static void SyncTransforms() => throw new NotSupportedException();
    }

    public class Texture : Object { }

    public sealed class RenderTexture : Texture
    {
        public RenderTexture(int width, int height, int depth) => throw new NotSupportedException();

        public static RenderTexture active { get; set; }
    }

    public sealed class Texture2D : Texture
    {
        public Texture2D(int width, int height, TextureFormat format, bool mipChain) =>
            throw new NotSupportedException();

        public void ReadPixels(Rect source, int x, int y) => throw new NotSupportedException();

        public byte[] GetRawTextureData() => throw new NotSupportedException();
    }

    public struct Rect
    {
        public Rect(float x, float y, float width, float height) => throw new NotSupportedException();
    }

    public sealed class Camera : Behaviour
    {
        public RenderTexture targetTexture { get; set; }

        public void Render() => throw new NotSupportedException();
    }

    public static class Application
    {
        public static string productName => throw new NotSupportedException();

        public static bool runInBackground { get; set; }

        public static void Quit(int exitCode) => throw new NotSupportedException();
    }

    public static class Time
    {
        public static float unscaledDeltaTime => throw new NotSupportedException();
    }

    public static class Debug
    {
        public static void Log(object message) => throw new NotSupportedException();

        public static void LogError(object message) => throw new NotSupportedException();
    }

    [AttributeUsage(AttributeTargets.Field)]
    public sealed class SerializeField : Attribute { }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class RequireComponent : Attribute
    {
        public RequireComponent(Type component) { }
    }
}

namespace UnityEngine.SceneManagement
{
    public enum LoadSceneMode { Single, Additive }

    [Flags]
    public enum LocalPhysicsMode { None = 0, Physics2D = 1, Physics3D = 2 }

    public struct LoadSceneParameters
    {
        public LoadSceneParameters(LoadSceneMode mode, LocalPhysicsMode physicsMode) => throw new NotSupportedException();
    }

    public struct Scene
    {
        public string name => throw new NotSupportedException();

        public GameObject[] GetRootGameObjects() => throw new NotSupportedException();
    }

    public static class SceneManager
    {
        public static Scene LoadScene(string sceneName, LoadSceneParameters parameters) =>
            throw new NotSupportedException();
    }
}

// What the package uses of UnityEditor, by name and type only.
using System;
using UnityEditor.Build.Reporting;

namespace UnityEditor
{
    public enum BuildTarget { StandaloneWindows64 = 19, StandaloneLinux64 = 24 }

    public struct BuildPlayerOptions
    {
        public string[] scenes { get; set; }

        public string locationPathName { get; set; }

        public BuildTarget target { get; set; }
    }

    public static class BuildPipeline
    {
        public static BuildReport BuildPlayer(BuildPlayerOptions options) => throw new NotSupportedException();
    }

    public sealed class EditorBuildSettingsScene
    {
        public bool enabled { get; set; }

        public string path { get; set; }
    }

    public static class EditorBuildSettings
    {
        public static EditorBuildSettingsScene[] scenes { get; set; }
    }

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class MenuItem : Attribute
    {
        public MenuItem(string itemName) { }
    }
}

namespace UnityEditor.Build
{
    public sealed class BuildFailedException : Exception
    {
        public BuildFailedException(string message) : base(message) { }
    }
}

namespace UnityEditor.Build.Reporting
{
    public enum BuildResult { Unknown, Succeeded, Failed, Cancelled }

    public struct BuildSummary
    {
        public BuildResult result => throw new NotSupportedException();
    }

    public sealed class BuildReport
    {
        public BuildSummary summary => throw new NotSupportedException();
    }
}

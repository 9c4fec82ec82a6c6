using System.Linq;
using UnityEditor;
using UnityEditor.Build.Reporting;
using UnityEngine;

namespace RlPipeline.Editor
{
    /// <summary>Menu "RL Pipeline": builds the scenes of the build settings for Linux or Windows.</summary>
    public static class BuildMenu
    {
        private const string Folder = "Builds";

        /// <summary>Build for Linux; also from a command line: -executeMethod RlPipeline.Editor.BuildMenu.BuildLinux.</summary>
        [MenuItem("RL Pipeline/Build for Linux")]
        public static void BuildLinux() => Build(BuildTarget.StandaloneLinux64, "Linux", ".x86_64");

        /// <summary>Build for Windows; also from a command line.</summary>
        [MenuItem("RL Pipeline/Build for Windows")]
        public static void BuildWindows() => Build(BuildTarget.StandaloneWindows64, "Windows", ".exe");

        private static void Build(BuildTarget target, string name, string suffix)
        {
            BuildPlayerOptions options = new BuildPlayerOptions
            {
                scenes = EditorBuildSettings.scenes.Where(scene => scene.enabled).Select(scene => scene.path).ToArray(),
                locationPathName = Folder + "/" + name + "/" + Application.productName + suffix,
                target = target,
            };
            BuildReport report = BuildPipeline.BuildPlayer(options);
            if (report.summary.result != BuildResult.Succeeded)
            {
                throw new UnityEditor.Build.BuildFailedException("the build for " + name + " failed; see the console");
            }
            Debug.Log("built " + options.locationPathName);
        }
    }
}

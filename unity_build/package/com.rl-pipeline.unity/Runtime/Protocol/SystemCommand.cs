using System.Globalization;
using System.IO;
using System.Text;
using System.Text.RegularExpressions;

namespace RlPipeline.Protocol
{
    /// <summary>Frames that speak to the other end itself: a name that begins with "__" and a payload of JSON.</summary>
    public static class SystemCommand
    {
        /// <summary>Name of the command that announces a request.</summary>
        public const string Request = "__request";

        private static readonly Regex Number = new Regex("\"srv_id\"\\s*:\\s*(\\d+)");
        private static readonly Regex Version = new Regex("\"version\"\\s*:\\s*\"([^\"]*)\"");

        /// <summary>A frame that does nothing but show that the connection lives.</summary>
        public static Frame KeepAlive() => new Frame("", new byte[0]);

        /// <summary>Offer a service.</summary>
        public static Frame OfferService(string service, string type) =>
            Make("__unity_service", "{\"topic\":\"" + service + "\",\"message_name\":\"" + type + "\"}");

        /// <summary>Announce the response to a request.</summary>
        public static Frame Response(int number) =>
            Make("__response", "{\"srv_id\":" + number.ToString(CultureInfo.InvariantCulture) + "}");

        /// <summary>The number in the payload of a request.</summary>
        /// <exception cref="IOException">There is none.</exception>
        public static int RequestNumber(byte[] payload) =>
            int.Parse(Find(Number, payload), CultureInfo.InvariantCulture);

        /// <summary>The version in the payload of a handshake.</summary>
        /// <exception cref="IOException">There is none.</exception>
        public static string HandshakeVersion(byte[] payload) => Find(Version, payload);

        private static Frame Make(string name, string json) => new Frame(name, Encoding.UTF8.GetBytes(json + "\0"));

        private static string Find(Regex pattern, byte[] payload)
        {
            string json = Encoding.UTF8.GetString(payload);
            Match match = pattern.Match(json);
            return match.Success ? match.Groups[1].Value : throw new IOException("not found in a command: " + pattern);
        }
    }
}

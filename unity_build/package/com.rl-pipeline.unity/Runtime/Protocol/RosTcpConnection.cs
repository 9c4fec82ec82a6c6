using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Threading;

namespace RlPipeline.Protocol
{
    /// <summary>
    /// A connection to the endpoint of ROS-TCP that offers services. A thread of its own connects, again whenever the
    /// connection is lost, and waits for requests in a blocking read; they are taken from a queue by the thread that
    /// simulates.
    /// </summary>
    public sealed class RosTcpConnection : IDisposable
    {
        private const string SupportedVersion = "v0.7.";
        private const int ReconnectMilliseconds = 200;
        private readonly string _address;
        private readonly int _port;
        private readonly IReadOnlyDictionary<string, string> _services;
        private readonly Action<string> _log;
        private readonly BlockingCollection<ServiceRequest> _requests = new BlockingCollection<ServiceRequest>();
        private readonly ManualResetEvent _stop = new ManualResetEvent(false);
        private readonly Thread _thread;
        private volatile TcpClient _client;
        private bool _complained;

        /// <summary>Begin to connect.</summary>
        /// <param name="address">Address or name of the endpoint.</param>
        /// <param name="port">Its port.</param>
        /// <param name="services">Names of the services to offer, with their types.</param>
        /// <param name="log">Told what happens to the connection, from another thread.</param>
        public RosTcpConnection(
            string address, int port, IReadOnlyDictionary<string, string> services, Action<string> log)
        {
            _address = address;
            _port = port;
            _services = services;
            _log = log;
            _thread = new Thread(Run) { IsBackground = true, Name = "ros-tcp" };
            _thread.Start();
        }

        /// <summary>Wait for a request, at most so long.</summary>
        /// <returns>Whether one came.</returns>
        public bool TryTake(out ServiceRequest request, TimeSpan timeout) => _requests.TryTake(out request, timeout);

        /// <summary>Close the connection and end its thread.</summary>
        public void Dispose()
        {
            _stop.Set();
            _client?.Close();
            _thread.Join();
        }

        private void Run()
        {
            while (!_stop.WaitOne(0))
            {
                try
                {
                    Serve();
                }
                catch (Exception error) when (error is IOException || error is SocketException
                    || error is ObjectDisposedException || error is FormatException || error is OverflowException)
                {
                    Complain(error.Message);
                }
                _stop.WaitOne(ReconnectMilliseconds);
            }
        }

        private void Serve()
        {
            using (TcpClient client = new TcpClient(_address, _port) { NoDelay = true })
            {
                _client = client;
                FrameStream frames = new FrameStream(client.GetStream());
                CheckHandshake(frames.Read());
                frames.Write(SystemCommand.KeepAlive());
                foreach (KeyValuePair<string, string> service in _services)
                {
                    frames.Write(SystemCommand.OfferService(service.Key, service.Value));
                }
                _complained = false;
                _log("connected to " + _address + ":" + _port);
                while (!_stop.WaitOne(0))
                {
                    Receive(frames);
                }
            }
        }

        private void Receive(FrameStream frames)
        {
            Frame frame = frames.Read();
            if (frame.Name == SystemCommand.Request)
            {
                int number = SystemCommand.RequestNumber(frame.Payload);
                Frame request = frames.Read();
                _requests.Add(new ServiceRequest(
                    request.Name, request.Payload, payload => Respond(frames, number, request.Name, payload)));
            }
            else if (frame.Name.Length > 0)
            {
                _log(frame.Name + " " + System.Text.Encoding.UTF8.GetString(frame.Payload));
            }
        }

        private void Respond(FrameStream frames, int number, string service, byte[] payload)
        {
            try
            {
                frames.Write(SystemCommand.Response(number), new Frame(service, payload));
            }
            catch (Exception error) when (error is IOException || error is ObjectDisposedException)
            {
                _log("a response was not sent: " + error.Message);
            }
        }

        private void CheckHandshake(Frame frame)
        {
            if (frame.Name != "__handshake")
            {
                throw new IOException("the first frame is '" + frame.Name + "', not a handshake: no endpoint of ROS-TCP");
            }
            string version = SystemCommand.HandshakeVersion(frame.Payload);
            if (!version.StartsWith(SupportedVersion, StringComparison.Ordinal))
            {
                throw new IOException("the endpoint speaks version " + version + ", not " + SupportedVersion + "x");
            }
        }

        // Once for each time that it is lost, not at every attempt.
        private void Complain(string message)
        {
            if (!_complained && !_stop.WaitOne(0))
            {
                _log("no connection to " + _address + ":" + _port + " (" + message + "); trying on");
            }
            _complained = true;
        }
    }
}

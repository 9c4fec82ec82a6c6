using System;
using System.IO;
using System.Text;

namespace RlPipeline.Protocol
{
    /// <summary>
    /// Reads and writes frames: length, name, length, payload, with lengths of four bytes, little-endian. Reading blocks
    /// until the frame is there, so no time is lost between its arrival and the answer.
    /// </summary>
    public sealed class FrameStream
    {
        /// <summary>Bytes that a name or payload may have.</summary>
        public const int MaximalLength = 64 * 1024 * 1024;

        private readonly Stream _stream;
        private readonly object _writing = new object();

        /// <summary>Frames over a stream, usually that of a socket.</summary>
        public FrameStream(Stream stream)
        {
            _stream = stream;
        }

        /// <summary>Wait for the next frame.</summary>
        /// <exception cref="EndOfStreamException">The other end closed the connection.</exception>
        /// <exception cref="IOException">The connection broke, or a length is beyond the limit.</exception>
        public Frame Read()
        {
            string name = Encoding.UTF8.GetString(ReadPart()).TrimEnd('\0');
            return new Frame(name, ReadPart());
        }

        /// <summary>Write frames with a single call of the socket, so that they leave together.</summary>
        public void Write(params Frame[] frames)
        {
            byte[] bytes = Encode(frames);
            lock (_writing)
            {
                _stream.Write(bytes, 0, bytes.Length);
            }
        }

        /// <summary>The bytes of frames; names end with a NUL, as Unity writes them for ROS 2.</summary>
        public static byte[] Encode(params Frame[] frames)
        {
            MemoryStream bytes = new MemoryStream();
            foreach (Frame frame in frames)
            {
                string name = frame.Name.Length == 0 ? "" : frame.Name + "\0";
                WritePart(bytes, Encoding.UTF8.GetBytes(name));
                WritePart(bytes, frame.Payload);
            }
            return bytes.ToArray();
        }

        private static void WritePart(Stream target, byte[] part)
        {
            target.Write(BitConverter.GetBytes(part.Length), 0, sizeof(int));
            target.Write(part, 0, part.Length);
        }

        private byte[] ReadPart()
        {
            uint length = BitConverter.ToUInt32(ReadExactly(sizeof(uint)), 0);
            if (length > MaximalLength)
            {
                throw new IOException("a frame of " + length + " bytes came; at most " + MaximalLength + " are allowed");
            }
            return ReadExactly((int)length);
        }

        private byte[] ReadExactly(int count)
        {
            byte[] bytes = new byte[count];
            for (int filled = 0; filled < count;)
            {
                int read = _stream.Read(bytes, filled, count - filled);
                if (read == 0)
                {
                    throw new EndOfStreamException("the other end closed the connection");
                }
                filled += read;
            }
            return bytes;
        }
    }
}

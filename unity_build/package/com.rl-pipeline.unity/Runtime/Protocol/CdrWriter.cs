using System;
using System.IO;
using System.Text;

namespace RlPipeline.Protocol
{
    /// <summary>
    /// Writes the fields of a message as little-endian CDR. Numbers are aligned to their own size, counted from after
    /// the header of four bytes; padding is zero; nothing follows the last field.
    /// </summary>
    public sealed class CdrWriter
    {
        private static readonly byte[] Header = { 0, 1, 0, 0 };
        private readonly MemoryStream _bytes = new MemoryStream();

        /// <summary>Begin a message with its header.</summary>
        public CdrWriter()
        {
            _bytes.Write(Header, 0, Header.Length);
        }

        /// <summary>Append a truth value: one byte, 0 or 1.</summary>
        public CdrWriter Bool(bool value) => UInt8(value ? (byte)1 : (byte)0);

        /// <summary>Append a byte.</summary>
        public CdrWriter UInt8(byte value)
        {
            _bytes.WriteByte(value);
            return this;
        }

        /// <summary>Append a 32-bit integer.</summary>
        public CdrWriter Int32(int value) => Number(BitConverter.GetBytes(value));

        /// <summary>Append an unsigned 32-bit integer.</summary>
        public CdrWriter UInt32(uint value) => Number(BitConverter.GetBytes(value));

        /// <summary>Append a 64-bit integer.</summary>
        public CdrWriter Int64(long value) => Number(BitConverter.GetBytes(value));

        /// <summary>Append an unsigned 64-bit integer.</summary>
        public CdrWriter UInt64(ulong value) => Number(BitConverter.GetBytes(value));

        /// <summary>Append a 32-bit float.</summary>
        public CdrWriter Float32(float value) => Number(BitConverter.GetBytes(value));

        /// <summary>Append a 64-bit float.</summary>
        public CdrWriter Float64(double value) => Number(BitConverter.GetBytes(value));

        /// <summary>Append UTF-8 text; its length counts the NUL at its end.</summary>
        public CdrWriter String(string value)
        {
            byte[] text = Encoding.UTF8.GetBytes(value);
            UInt32((uint)text.Length + 1);
            _bytes.Write(text, 0, text.Length);
            return UInt8(0);
        }

        /// <summary>Append a sequence of texts.</summary>
        public CdrWriter Strings(string[] values)
        {
            UInt32((uint)values.Length);
            foreach (string value in values)
            {
                String(value);
            }
            return this;
        }

        /// <summary>Append a sequence of bytes.</summary>
        public CdrWriter Bytes(byte[] values) => Sequence(values, sizeof(byte));

        /// <summary>Append a sequence of 32-bit floats.</summary>
        public CdrWriter Floats32(float[] values) => Sequence(values, sizeof(float));

        /// <summary>Append a sequence of 64-bit floats.</summary>
        public CdrWriter Floats64(double[] values) => Sequence(values, sizeof(double));

        /// <summary>Append a sequence of 64-bit integers.</summary>
        public CdrWriter Ints64(long[] values) => Sequence(values, sizeof(long));

        /// <summary>Header and fields.</summary>
        public byte[] Message() => _bytes.ToArray();

        // Every platform that Unity builds for is little-endian, so memory holds what the wire wants.
        private CdrWriter Sequence(Array values, int size)
        {
            UInt32((uint)values.Length);
            if (values.Length > 0)
            {
                Align(size);
                byte[] bytes = new byte[values.Length * size];
                Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
                _bytes.Write(bytes, 0, bytes.Length);
            }
            return this;
        }

        private CdrWriter Number(byte[] bytes)
        {
            Align(bytes.Length);
            _bytes.Write(bytes, 0, bytes.Length);
            return this;
        }

        private void Align(int size)
        {
            while ((_bytes.Length - Header.Length) % size != 0)
            {
                _bytes.WriteByte(0);
            }
        }
    }
}

using System;
using System.Text;

namespace RlPipeline.Protocol
{
    /// <summary>Reads the fields of a little-endian CDR message in their order; see <see cref="CdrWriter"/>.</summary>
    public sealed class CdrReader
    {
        private const int HeaderSize = 4;
        private static readonly UTF8Encoding StrictUtf8 = new UTF8Encoding(false, true);
        private readonly byte[] _bytes;
        private int _position = HeaderSize;

        /// <summary>Begin to read a message.</summary>
        /// <exception cref="CdrException">Its header is not that of little-endian CDR.</exception>
        public CdrReader(byte[] message)
        {
            if (message.Length < HeaderSize || message[0] != 0 || message[1] != 1)
            {
                throw new CdrException("the message does not begin with the header of little-endian CDR, 00 01 00 00");
            }
            _bytes = message;
        }

        /// <summary>Bytes that are not yet read.</summary>
        public int Remaining => _bytes.Length - _position;

        /// <summary>Read a truth value.</summary>
        public bool Bool() => UInt8() != 0;

        /// <summary>Read a byte.</summary>
        public byte UInt8() => _bytes[Take(1, 1)];

        /// <summary>Read a 32-bit integer.</summary>
        public int Int32() => BitConverter.ToInt32(_bytes, Take(4, 4));

        /// <summary>Read an unsigned 32-bit integer.</summary>
        public uint UInt32() => BitConverter.ToUInt32(_bytes, Take(4, 4));

        /// <summary>Read a 64-bit integer.</summary>
        public long Int64() => BitConverter.ToInt64(_bytes, Take(8, 8));

        /// <summary>Read an unsigned 64-bit integer.</summary>
        public ulong UInt64() => BitConverter.ToUInt64(_bytes, Take(8, 8));

        /// <summary>Read a 32-bit float.</summary>
        public float Float32() => BitConverter.ToSingle(_bytes, Take(4, 4));

        /// <summary>Read a 64-bit float.</summary>
        public double Float64() => BitConverter.ToDouble(_bytes, Take(8, 8));

        /// <summary>Read text.</summary>
        /// <exception cref="CdrException">Its bytes are missing or not UTF-8.</exception>
        public string String()
        {
            int length = Count(1);
            int start = Take(length, 1);
            int end = length > 0 && _bytes[start + length - 1] == 0 ? length - 1 : length;
            try
            {
                return StrictUtf8.GetString(_bytes, start, end);
            }
            catch (DecoderFallbackException error)
            {
                throw new CdrException("text is not UTF-8: " + error.Message);
            }
        }

        /// <summary>Read a sequence of texts.</summary>
        public string[] Strings()
        {
            string[] values = new string[Count(sizeof(uint))];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = String();
            }
            return values;
        }

        /// <summary>Read a sequence of bytes.</summary>
        public byte[] Bytes() => Sequence(count => new byte[count], sizeof(byte));

        /// <summary>Read a sequence of 32-bit floats.</summary>
        public float[] Floats32() => Sequence(count => new float[count], sizeof(float));

        /// <summary>Read a sequence of 64-bit floats.</summary>
        public double[] Floats64() => Sequence(count => new double[count], sizeof(double));

        /// <summary>Read a sequence of 64-bit integers.</summary>
        public long[] Ints64() => Sequence(count => new long[count], sizeof(long));

        private T[] Sequence<T>(Func<int, T[]> create, int size)
        {
            int count = Count(size);
            T[] values = create(count);
            if (count > 0)
            {
                Buffer.BlockCopy(_bytes, Take(count * size, size), values, 0, count * size);
            }
            return values;
        }

        // A count is checked before memory is asked for: a few bad bytes must not allocate gigabytes.
        private int Count(int itemSize)
        {
            uint count = UInt32();
            if (count * (long)itemSize > Remaining)
            {
                throw new CdrException(count + " items do not fit into the " + Remaining + " bytes left");
            }
            return (int)count;
        }

        private int Take(int size, int alignment)
        {
            int offset = _position - HeaderSize;
            int start = _position + (alignment - offset % alignment) % alignment;
            if (start + size > _bytes.Length)
            {
                throw new CdrException(size + " bytes expected at " + start + ", the message has " + _bytes.Length);
            }
            _position = start + size;
            return start;
        }
    }
}

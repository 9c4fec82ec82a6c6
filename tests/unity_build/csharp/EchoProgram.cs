using System;
using System.Collections.Generic;
using RlPipeline.Protocol;

/// <summary>Reads messages in hexadecimal digits, one in each line after its type, and writes what it makes of them.</summary>
public static class EchoProgram
{
    private static readonly Dictionary<string, Action<CdrReader, CdrWriter>> Copies =
        new Dictionary<string, Action<CdrReader, CdrWriter>>
        {
            ["std_msgs/String"] = (from, to) => to.String(from.String()),
            ["std_msgs/Bool"] = (from, to) => to.Bool(from.Bool()),
            ["std_msgs/Int32"] = (from, to) => to.Int32(from.Int32()),
            ["std_msgs/Int64"] = (from, to) => to.Int64(from.Int64()),
            ["std_msgs/Float32"] = (from, to) => to.Float32(from.Float32()),
            ["std_msgs/Float64"] = (from, to) => to.Float64(from.Float64()),
            ["std_msgs/Header"] = Header,
            ["std_msgs/Float32MultiArray"] = (from, to) => { Layout(from, to); to.Floats32(from.Floats32()); },
            ["std_msgs/Float64MultiArray"] = (from, to) => { Layout(from, to); to.Floats64(from.Floats64()); },
            ["geometry_msgs/Twist"] = (from, to) => Numbers(from, to, 6),
            ["geometry_msgs/Pose"] = (from, to) => Numbers(from, to, 7),
            ["geometry_msgs/PoseStamped"] = (from, to) => { Header(from, to); Numbers(from, to, 7); },
            ["sensor_msgs/JointState"] = JointState,
        };

    public static void Main()
    {
        for (string line = Console.ReadLine(); line != null; line = Console.ReadLine())
        {
            string[] words = line.Split(' ');
            CdrWriter copy = new CdrWriter();
            try
            {
                Copies[words[0]](new CdrReader(Bytes(words[1])), copy);
                Console.WriteLine(BitConverter.ToString(copy.Message()).Replace("-", "").ToLowerInvariant());
            }
            catch (CdrException error)
            {
                Console.WriteLine("CdrException: " + error.Message);
            }
        }
    }

    private static void Header(CdrReader from, CdrWriter to) =>
        to.Int32(from.Int32()).UInt32(from.UInt32()).String(from.String());

    private static void Numbers(CdrReader from, CdrWriter to, int count)
    {
        for (int i = 0; i < count; i++)
        {
            to.Float64(from.Float64());
        }
    }

    private static void Layout(CdrReader from, CdrWriter to)
    {
        uint dimensions = from.UInt32();
        to.UInt32(dimensions);
        for (uint i = 0; i < dimensions; i++)
        {
            to.String(from.String()).UInt32(from.UInt32()).UInt32(from.UInt32());
        }
        to.UInt32(from.UInt32());
    }

    private static void JointState(CdrReader from, CdrWriter to)
    {
        Header(from, to);
        to.Strings(from.Strings()).Floats64(from.Floats64()).Floats64(from.Floats64()).Floats64(from.Floats64());
    }

    private static byte[] Bytes(string digits)
    {
        byte[] bytes = new byte[digits.Length / 2];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = Convert.ToByte(digits.Substring(2 * i, 2), 16);
        }
        return bytes;
    }
}

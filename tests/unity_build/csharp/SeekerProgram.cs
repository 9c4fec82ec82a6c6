using System;
using System.Collections.Generic;
using RlPipeline.Protocol;

/// <summary>Serves seekers as a Unity build serves its scenes, until it is killed.</summary>
public static class SeekerProgram
{
    public static int Main(string[] commandLine)
    {
        Arguments arguments = new Arguments();
        try
        {
            arguments.Read(commandLine);
        }
        catch (ArgumentException error)
        {
            Console.Error.WriteLine(error.Message);
            return 2;
        }
        List<IEnvironment> seekers = new List<IEnvironment>();
        for (int i = 0; i < arguments.EnvironmentCount; i++)
        {
            seekers.Add(new Seeker());
        }
        ServiceTable table = ServiceTable.Of(arguments.Prefix, Seeker.Specification, seekers, arguments.ServicesEach);
        using (RosTcpConnection connection =
            new RosTcpConnection(arguments.Address, arguments.Port, table.Types, Console.WriteLine))
        {
            while (true)
            {
                if (connection.TryTake(out ServiceRequest request, TimeSpan.FromSeconds(1)))
                {
                    table.Answer(request);
                }
            }
        }
    }
}

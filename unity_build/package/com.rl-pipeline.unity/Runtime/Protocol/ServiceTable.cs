using System;
using System.Collections.Generic;

namespace RlPipeline.Protocol
{
    /// <summary>Names of the services of one batch, or of batches of one environment each, with what answers them.</summary>
    public sealed class ServiceTable
    {
        private readonly Dictionary<string, Func<byte[], byte[]>> _handlers =
            new Dictionary<string, Func<byte[], byte[]>>();
        private readonly Dictionary<string, string> _types = new Dictionary<string, string>();

        /// <summary>Services with their types.</summary>
        public IReadOnlyDictionary<string, string> Types => _types;

        /// <summary>Offer environments.</summary>
        /// <param name="prefix">What names begin with, for example "/unity".</param>
        /// <param name="specification">What every environment observes, does and measures.</param>
        /// <param name="environments">The environments.</param>
        /// <param name="each">Whether each environment has services of its own: "/unity_0/step", "/unity_1/step", ...</param>
        public static ServiceTable Of(
            string prefix, Specification specification, IReadOnlyList<IEnvironment> environments, bool each)
        {
            ServiceTable table = new ServiceTable();
            if (!each)
            {
                table.Add(prefix, new EnvironmentBatch(specification, environments));
                return table;
            }
            for (int i = 0; i < environments.Count; i++)
            {
                table.Add(prefix + "_" + i, new EnvironmentBatch(specification, new[] { environments[i] }));
            }
            return table;
        }

        /// <summary>Answer a request.</summary>
        public void Answer(ServiceRequest request)
        {
            if (_handlers.TryGetValue(request.Service, out Func<byte[], byte[]> handler))
            {
                request.Respond(handler(request.Payload));
            }
        }

        private void Add(string prefix, EnvironmentBatch batch)
        {
            EnvironmentService service = new EnvironmentService(batch);
            foreach (KeyValuePair<string, string> operation in EnvironmentService.Types)
            {
                string name = prefix + "/" + operation.Key;
                _types[name] = operation.Value;
                _handlers[name] = payload => service.Handle(operation.Key, payload);
            }
        }
    }
}

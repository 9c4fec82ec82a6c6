using System;
using System.Collections.Generic;

namespace RlPipeline.Protocol
{
    /// <summary>
    /// The services open, reset, step, render and close of a batch: takes the CDR of a request, returns the CDR of its response.
    /// What cannot be done comes back as the words in the response's field "error".
    /// </summary>
    public sealed class EnvironmentService
    {
        private readonly EnvironmentBatch _batch;
        private readonly Dictionary<string, Func<CdrReader, CdrWriter>> _handlers;
        private string _client = "";
        private string _session = "";
        private int _sessions;
        private ulong? _lastSequence;
        private string _lastOperation = "";
        private CdrWriter _lastAnswer;

        /// <summary>Serve a batch.</summary>
        public EnvironmentService(EnvironmentBatch batch)
        {
            _batch = batch;
            _handlers = new Dictionary<string, Func<CdrReader, CdrWriter>>
            {
                ["open"] = Open,
                ["reset"] = request => Once("reset", request, Reset),
                ["step"] = request => Once("step", request, Step),
                ["render"] = Render,
                ["close"] = Close,
            };
        }

        /// <summary>Operations with the types of their services.</summary>
        public static IReadOnlyDictionary<string, string> Types { get; } = new Dictionary<string, string>
        {
            ["open"] = "rl_interfaces/Open",
            ["reset"] = "rl_interfaces/Reset",
            ["step"] = "rl_interfaces/Step",
            ["render"] = "rl_interfaces/Render",
            ["close"] = "rl_interfaces/Close",
        };

        /// <summary>Answer a request.</summary>
        /// <param name="operation">"open", "reset", "step", "render" or "close".</param>
        /// <param name="request">CDR with its header.</param>
        public byte[] Handle(string operation, byte[] request)
        {
            try
            {
                return _handlers[operation](new CdrReader(request)).Message();
            }
            catch (Exception error) when (error is CdrException || error is ArgumentException
                || error is InvalidOperationException)
            {
                return Failure(operation, error.Message).Message();
            }
        }

        private CdrWriter Open(CdrReader request)
        {
            string client = request.String();
            uint count = request.UInt32();
            string renderMode = request.String();
            if (count != 0 && count != _batch.Count)
            {
                throw new ArgumentException(count + " environments are wanted, this program has " + _batch.Count
                    + "; start it with --n-environments " + count);
            }
            if (renderMode.Length > 0 && renderMode != "rgb_array")
            {
                throw new ArgumentException(
                    "render_mode '" + renderMode + "' cannot be had, it must be empty or 'rgb_array'");
            }
            if (_session.Length == 0 || client != _client)
            {
                _sessions++;
                _client = client;
                _session = "session-" + _sessions;
                _lastSequence = null;
            }
            Specification specification = _batch.Specification;
            return new CdrWriter().String("").String(_session).String(specification.Id).UInt32((uint)_batch.Count)
                .String(specification.ObservationSpace).String(specification.ActionSpace);
        }

        // A caller that lost an answer asks again with the same number: the simulation must not go on twice.
        private CdrWriter Once(string operation, CdrReader request, Func<CdrReader, CdrWriter> act)
        {
            ExpectSession(request.String());
            ulong sequence = request.UInt64();
            if (sequence != _lastSequence || operation != _lastOperation)
            {
                _lastAnswer = act(request);
                _lastSequence = sequence;
                _lastOperation = operation;
            }
            return _lastAnswer;
        }

        private CdrWriter Reset(CdrReader request)
        {
            long[] seeds = request.Ints64();
            Transition made = _batch.Reset(seeds, request.Bytes());
            CdrWriter answer = new CdrWriter().String("").Floats64(made.Observations).Bytes(made.Images);
            return answer.Strings(made.MetricNames).Floats64(made.Metrics).Bytes(made.MetricsMask);
        }

        private CdrWriter Step(CdrReader request)
        {
            Transition made = _batch.Step(request.Floats64());
            CdrWriter answer = new CdrWriter().String("").Floats64(made.Observations).Bytes(made.Images);
            answer.Floats64(made.Rewards).Bytes(made.Terminated).Bytes(made.Truncated);
            answer.Floats64(made.FinalObservations.ToArray()).Bytes(made.FinalImages.ToArray());
            return answer.Strings(made.MetricNames).Floats64(made.Metrics).Bytes(made.MetricsMask);
        }

        private CdrWriter Render(CdrReader request)
        {
            ExpectSession(request.String());
            Specification specification = _batch.Specification;
            CdrWriter answer = new CdrWriter().String("").UInt32((uint)specification.ImageHeight);
            return answer.UInt32((uint)specification.ImageWidth).Bytes(_batch.Picture());
        }

        private CdrWriter Close(CdrReader request)
        {
            ExpectSession(request.String());
            _session = "";
            return new CdrWriter().String("");
        }

        private void ExpectSession(string session)
        {
            if (_session.Length == 0 || session != _session)
            {
                throw new InvalidOperationException("session '" + session
                    + "' is not open: it was closed, or another client took over; call open first");
            }
        }

        // All fields after the text are empty: numbers 0, texts and sequences without items.
        private static CdrWriter Failure(string operation, string message)
        {
            CdrWriter answer = new CdrWriter().String(message);
            byte[] none = new byte[0];
            switch (operation)
            {
                case "open":
                    return answer.String("").String("").UInt32(0).String("").String("");
                case "reset":
                    return answer.Bytes(none).Bytes(none).Bytes(none).Bytes(none).Bytes(none);
                case "step":
                    for (int field = 0; field < 10; field++)
                    {
                        answer.Bytes(none);
                    }
                    return answer;
                case "render":
                    return answer.UInt32(0).UInt32(0).Bytes(none);
                default:
                    return answer;
            }
        }
    }
}

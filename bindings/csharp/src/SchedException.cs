using System;
using Sched.Raw;

namespace Sched
{
    /// <summary>
    /// A call that the library refused. It changed nothing, wrote to no output tensor, and may be
    /// tried again. <see cref="Exception.Message"/> is the library's sentence: what is wrong, and
    /// what is allowed.
    /// </summary>
    public sealed class SchedException : Exception
    {
        /// <summary>Makes an error of a kind, with its sentence.</summary>
        /// <param name="status">Which kind of error.</param>
        /// <param name="message">The sentence; the name of the kind where it is empty.</param>
        public SchedException(Status status, string message)
            : base(string.IsNullOrEmpty(message) ? Library.StatusName(status) : message)
        {
            Status = status;
        }

        /// <summary>Which kind of error.</summary>
        public Status Status { get; }

        /// <summary>Throws, but for SCHED_OK, with a sentence that the library has no place for.</summary>
        internal static void ThrowIfFailed(sched_status status, string sentence)
        {
            if (status != sched_status.SCHED_OK)
            {
                throw new SchedException((Status)status, sentence);
            }
        }
    }
}

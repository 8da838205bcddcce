using System;
using System.Text;

namespace Sched
{
    /// <summary>Texts of C: UTF-8 that ends in zero.</summary>
    internal static unsafe class Text
    {
        /// <summary>Bytes for the sentence of a call that has no state to keep it.</summary>
        internal const int MessageCapacity = 1024;

        // Half a surrogate pair is no text: refused, where the usual encoding would replace it.
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, true);

        /// <summary>The text at an address; null for NULL.</summary>
        internal static string? DecodeOrNull(void* text)
        {
            if (text == null)
            {
                return null;
            }

            var bytes = (byte*)text;
            var length = 0;
            while (bytes[length] != 0)
            {
                length++;
            }

            return Encoding.UTF8.GetString(bytes, length);
        }

        /// <summary>The text at an address; empty for NULL.</summary>
        internal static string Decode(void* text) => DecodeOrNull(text) ?? string.Empty;

        /// <summary>UTF-8 without a zero at its end.</summary>
        /// <exception cref="ArgumentException">Half a surrogate pair.</exception>
        internal static byte[] Encode(string text) => Strict.GetBytes(text);

        /// <summary>UTF-8 that ends in zero; null for null.</summary>
        /// <exception cref="ArgumentException">A zero inside, or half a surrogate pair.</exception>
        internal static byte[]? EncodeWithZero(string? text, string name)
        {
            if (text == null)
            {
                return null;
            }

            if (text.IndexOf('\0') >= 0)
            {
                throw new ArgumentException("a zero character has no place in a name", name);
            }

            return Encode(text + "\0");
        }
    }
}

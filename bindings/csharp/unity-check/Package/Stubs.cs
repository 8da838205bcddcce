// As much of Unity and NUnit as the package uses, by the same signatures.  Arrays are native memory,
// as there, so that the package's tests and sample run.

using System;
using System.Runtime.InteropServices;

namespace Unity.Collections
{
    public enum Allocator
    {
        Temp = 2,
        Persistent = 4,
    }

    public unsafe struct NativeArray<T> : IDisposable
        where T : struct
    {
        private IntPtr memory;

        public NativeArray(int length, Allocator allocator)
        {
            var bytes = length * Marshal.SizeOf<T>();
            memory = Marshal.AllocHGlobal(bytes);
            Length = length;
            new Span<byte>((void*)memory, bytes).Clear();
        }

        public int Length { get; }

        public T this[int index]
        {
            get => Values[index];
            set => Values[index] = value;
        }

        private Span<T> Values => new Span<T>(Address, Length);

        internal void* Address =>
            memory != IntPtr.Zero ? (void*)memory : throw new ObjectDisposedException("NativeArray");

        public T[] ToArray() => Values.ToArray();

        public void Dispose()
        {
            Marshal.FreeHGlobal(memory);
            memory = IntPtr.Zero;
        }
    }
}

namespace Unity.Collections.LowLevel.Unsafe
{
    public static unsafe class NativeArrayUnsafeUtility
    {
        public static void* GetUnsafePtr<T>(this NativeArray<T> array)
            where T : struct => array.Address;

        public static void* GetUnsafeReadOnlyPtr<T>(this NativeArray<T> array)
            where T : struct => array.Address;
    }
}

namespace UnityEngine
{
    [AttributeUsage(AttributeTargets.Field)]
    public sealed class SerializeField : Attribute
    {
    }

    public class MonoBehaviour
    {
    }

    public static class Debug
    {
        public static void Log(object message) => Console.WriteLine(message);
    }
}

namespace NUnit.Framework
{
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class TestAttribute : Attribute
    {
    }

    public delegate void TestDelegate();

    public static class Assert
    {
        public static void AreEqual(object expected, object actual) =>
            IsTrue(AreSame(expected, actual));

        public static void AreNotEqual(object expected, object actual) =>
            IsTrue(!AreSame(expected, actual));

        public static void IsTrue(bool condition)
        {
            if (!condition)
            {
                throw new InvalidOperationException("an assertion does not hold");
            }
        }

        public static T Throws<T>(TestDelegate code)
            where T : Exception => Catch<T>(code);

        public static T Catch<T>(TestDelegate code)
            where T : Exception
        {
            try
            {
                code();
            }
            catch (T error)
            {
                return error;
            }

            throw new InvalidOperationException("nothing was thrown");
        }

        private static bool AreSame(object expected, object actual)
        {
            if (expected is Array a && actual is Array b)
            {
                var isSame = a.Length == b.Length;
                for (var i = 0; isSame && i < a.Length; i++)
                {
                    isSame = Equals(a.GetValue(i), b.GetValue(i));
                }

                return isSame;
            }

            return expected is IConvertible && actual is IConvertible && !(expected is Enum)
                ? Convert.ToDecimal(expected) == Convert.ToDecimal(actual)
                : Equals(expected, actual);
        }
    }
}

namespace Sched
{
    /// <summary>Where the raw functions are: iOS links plugins into the application itself.</summary>
    internal static class LibraryName
    {
#if UNITY_IOS && !UNITY_EDITOR
        internal const string Value = "__Internal";
#else
        internal const string Value = "sched_csharp";
#endif
    }
}

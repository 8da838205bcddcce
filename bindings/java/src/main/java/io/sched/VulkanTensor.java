package io.sched;

/**
 * A contiguous tensor in a buffer of the application's, for recorded steps.
 *
 * @param dtype      any but {@link DType#F64}
 * @param device     the VkDevice that made the buffer, which is checked against the context's; 0 is
 *                   not checked
 * @param buffer     the VkBuffer, of usage STORAGE_BUFFER
 * @param offset     in bytes, a multiple of 4
 * @param bufferSize bytes that the buffer has
 * @param count      values in the whole batch
 */
public record VulkanTensor(
    DType dtype, long device, long buffer, long offset, long bufferSize, long count) {}

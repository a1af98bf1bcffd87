package dev.gatehouse.client;

/** An attempt that took longer than the timeout. */
public final class RequestTimeoutException extends ConnectionException {
  private static final long serialVersionUID = 1;

  RequestTimeoutException(String problem) {
    super(problem);
  }
}

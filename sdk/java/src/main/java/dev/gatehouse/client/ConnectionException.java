package dev.gatehouse.client;

/** A request without an answer. */
public class ConnectionException extends GatehouseException {
  private static final long serialVersionUID = 1;

  ConnectionException(String problem) {
    super(problem);
  }
}

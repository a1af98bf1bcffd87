package dev.gatehouse.client;

/** 500 and above. */
public final class ServerException extends GatehouseException {
  private static final long serialVersionUID = 1;

  ServerException(Denial denial) {
    super(denial);
  }
}

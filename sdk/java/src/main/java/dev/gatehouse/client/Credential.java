package dev.gatehouse.client;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** The one method that counts, with its one or two values. A class and no record: it prints nothing. */
final class Credential {
  enum Method {
    API_KEY("apiKey"),
    ACCESS_TOKEN("accessToken"),
    CLIENT_CREDENTIALS("clientCredentials"),
    PASSWORD("password");

    final String word;

    Method(String word) {
      this.word = word;
    }
  }

  /** What a method is made of. */
  enum Field {
    API_KEY(Method.API_KEY, "apiKey"),
    ACCESS_TOKEN(Method.ACCESS_TOKEN, "accessToken"),
    CLIENT_ID(Method.CLIENT_CREDENTIALS, "clientId"),
    CLIENT_SECRET(Method.CLIENT_CREDENTIALS, "clientSecret"),
    EMAIL(Method.PASSWORD, "email"),
    PASSWORD(Method.PASSWORD, "password");

    final Method method;
    final String option;

    Field(Method method, String option) {
      this.method = method;
      this.option = option;
    }
  }

  final Method method;
  final List<String> values;

  private Credential(Method method, List<String> values) {
    this.method = method;
    this.values = values;
  }

  String secret() {
    return values.get(values.size() - 1);
  }

  /** Of the options alone as soon as one is there, else of the environment. */
  static Credential find(Platform platform, Map<Field, String> options, UnaryOperator<String> environment) {
    Map<Field, String> given = new EnumMap<>(Field.class);
    options.forEach((field, value) -> put(given, field, value));
    if (!given.isEmpty()) return only(platform, given, field -> field.option);
    for (Field field : Field.values()) {
      boolean isRead = field.method != Method.PASSWORD || platform.userTokenPaths() != null;
      if (isRead) put(given, field, environment.apply(variable(platform, field)));
    }
    if (given.isEmpty()) throw new ConfigurationException(howToSignIn(platform));
    return only(platform, given, field -> variable(platform, field));
  }

  private interface Names {
    String of(Field field);
  }

  private static String variable(Platform platform, Field field) {
    return platform.envPrefix() + "_" + field.name();
  }

  private static void put(Map<Field, String> given, Field field, String value) {
    if (value != null && !value.isEmpty()) given.put(field, value);
  }

  private static String howToSignIn(Platform platform) {
    boolean hasUsers = platform.userTokenPaths() != null;
    return "no credential: give apiKey, accessToken, or clientId and clientSecret"
        + (hasUsers ? ", or email and password" : "")
        + ("; or set " + variable(platform, Field.API_KEY) + " in the environment");
  }

  private static Credential only(Platform platform, Map<Field, String> given, Names names) {
    List<Method> begun = given.keySet().stream().map(field -> field.method).distinct().toList();
    if (begun.size() > 1) {
      String first = fieldsOf(begun.get(0), names);
      throw new ConfigurationException(first + " and " + fieldsOf(begun.get(1), names) + " are two methods: give one");
    }
    Method method = begun.get(0);
    if (method == Method.PASSWORD && platform.userTokenPaths() == null) {
      throw new ConfigurationException(platform.name() + " takes no email and password: use another method");
    }
    List<String> values = new ArrayList<>();
    for (Field field : Field.values()) {
      if (field.method == method) values.add(checked(field, given.get(field), names));
    }
    return new Credential(method, List.copyOf(values));
  }

  private static String fieldsOf(Method method, Names names) {
    List<String> all = new ArrayList<>();
    for (Field field : Field.values()) if (field.method == method) all.add(names.of(field));
    return String.join(" with ", all);
  }

  private static String checked(Field field, String value, Names names) {
    if (Objects.isNull(value)) throw new ConfigurationException(names.of(field) + " is missing");
    boolean isHeader = field.method == Method.API_KEY || field.method == Method.ACCESS_TOKEN;
    if (isHeader && !Text.isVisibleAscii(value)) {
      String problem = " has white space, control characters or letters beyond ASCII";
      throw new ConfigurationException(names.of(field) + problem);
    }
    return value;
  }
}

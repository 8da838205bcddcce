package io.sched.replay;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * As much JSON as a safetensors header needs: text becomes Map, List, String, Double, Boolean or
 * null, and is written back. A number that is written without a point or an exponent is a Long.
 */
final class Json {
  private final String text;
  private int at;

  private Json(String text) { this.text = text; }

  static Object parse(String text) {
    final Json reader = new Json(text);
    final Object value = reader.value();
    if (reader.peek() != 0) throw reader.wrong("the end");
    return value;
  }

  /** An object of it. */
  @SuppressWarnings("unchecked")
  static Map<String, Object> members(Object value) {
    if (value instanceof Map) return (Map<String, Object>) value;
    throw new IllegalArgumentException(value + " is not an object");
  }

  @SuppressWarnings("unchecked")
  static List<Object> list(Object value) {
    if (value instanceof List) return (List<Object>) value;
    throw new IllegalArgumentException(value + " is not a list");
  }

  static double number(Object value) {
    if (value instanceof Number) return ((Number) value).doubleValue();
    throw new IllegalArgumentException(value + " is not a number");
  }

  static double[] numbers(Object value) {
    return list(value).stream().mapToDouble(Json::number).toArray();
  }

  static String write(Object value) {
    final StringBuilder out = new StringBuilder();
    write(value, out);
    return out.toString();
  }

  private static void write(Object value, StringBuilder out) {
    if (value instanceof Map) {
      String separator = "{";
      for (final Map.Entry<String, Object> member : members(value).entrySet()) {
        out.append(separator);
        write(member.getKey(), out);
        out.append(": ");
        write(member.getValue(), out);
        separator = ", ";
      }
      out.append(separator.equals("{") ? "{}" : "}");
    } else if (value instanceof List) {
      String separator = "[";
      for (final Object element : list(value)) {
        out.append(separator);
        write(element, out);
        separator = ", ";
      }
      out.append(separator.equals("[") ? "[]" : "]");
    } else if (value instanceof String) {
      writeText((String) value, out);
    } else {
      out.append(value);
    }
  }

  private static void writeText(String value, StringBuilder out) {
    out.append('"');
    for (final char c : value.toCharArray()) {
      if (c < ' ') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        if (c == '"' || c == '\\') out.append('\\');
        out.append(c);
      }
    }
    out.append('"');
  }

  // ---------------------------------------------------------------------- reading

  private IllegalArgumentException wrong(String wanted) {
    return new IllegalArgumentException("not JSON: " + wanted + " is missing at " + at);
  }

  /** The next character that is no space; 0 at the end. */
  private char peek() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) ++at;
    return at < text.length() ? text.charAt(at) : 0;
  }

  private boolean take(char wanted) {
    final boolean found = peek() == wanted;
    if (found) ++at;
    return found;
  }

  private void expect(char wanted) {
    if (!take(wanted)) throw wrong(String.valueOf(wanted));
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) throw wrong(word);
    at += word.length();
    return value;
  }

  private Object value() {
    switch (peek()) {
      case '{':
        return object();
      case '[':
        return list();
      case '"':
        return string();
      case 't':
        return word("true", true);
      case 'f':
        return word("false", false);
      case 'n':
        return word("null", null);
      default:
        return number();
    }
  }

  private Object number() {
    final int begin = at;
    while (at < text.length() && "0123456789+-.eE".indexOf(text.charAt(at)) >= 0) ++at;
    final String number = text.substring(begin, at);
    try {
      return number.matches("-?\\d+") ? (Object) Long.valueOf(number) : Double.valueOf(number);
    } catch (NumberFormatException error) {
      throw wrong("a value");
    }
  }

  private List<Object> list() {
    final List<Object> list = new ArrayList<>();
    expect('[');
    while (!take(']')) {
      if (!list.isEmpty()) expect(',');
      list.add(value());
    }
    return list;
  }

  private Map<String, Object> object() {
    final Map<String, Object> members = new LinkedHashMap<>();
    expect('{');
    while (!take('}')) {
      if (!members.isEmpty()) expect(',');
      final String key = string();
      expect(':');
      members.put(key, value());
    }
    return members;
  }

  private String string() {
    final StringBuilder out = new StringBuilder();
    expect('"');
    while (at < text.length()) {
      final char c = text.charAt(at++);
      if (c == '"') return out.toString();
      out.append(c == '\\' ? escaped() : c);
    }
    throw wrong("\"");
  }

  private char escaped() {
    final char c = at < text.length() ? text.charAt(at++) : 0;
    if (c == 0 || c == 'u' && at + 4 > text.length()) throw wrong("an escape");
    if (c == 'u') {
      at += 4;
      return (char) Integer.parseInt(text.substring(at - 4, at), 16);
    }
    final int known = "bfnrt".indexOf(c);
    return known < 0 ? c : "\b\f\n\r\t".charAt(known);
  }
}

// API=http://127.0.0.1:8080 java Prompt.java
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

public class Prompt {
    public static void main(String[] args) throws Exception {
        String api = System.getenv().getOrDefault("API", "https://api.example");
        String text = "a cat --video --video_model kling25 --duration 5";
        String form = URLEncoder.encode("prompt[text]", StandardCharsets.UTF_8)
                + "=" + URLEncoder.encode(text, StandardCharsets.UTF_8);
        HttpRequest request = HttpRequest.newBuilder(URI.create(api + "/tunes/7/prompts"))
                .header("Authorization", "Bearer " + System.getenv("API_KEY"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form))
                .build();
        HttpResponse<String> response =
                HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.body());
        System.exit(response.statusCode() < 300 ? 0 : 1);
    }
}

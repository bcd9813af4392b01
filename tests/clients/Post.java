import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** Posts a form a few times as a Java app does, with a length and in chunks, and prints each status and body. */
public class Post {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newHttpClient();
        var form = arguments[2].getBytes();
        for (int turn = 0; turn < 4; turn++) {
            var body = turn % 2 == 0 ? BodyPublishers.ofByteArray(form)
                : BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(form));
            var request = HttpRequest.newBuilder(URI.create(arguments[0])).header("Authorization", arguments[1])
                .header("Content-Type", "application/x-www-form-urlencoded").POST(body).build();
            var response = client.send(request, BodyHandlers.ofString());
            System.out.println(response.statusCode() + " " + response.body());
        }
    }
}
